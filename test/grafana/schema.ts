// What a dashboard may be, by the types that Grafana publishes: those of a dashboard, and those of the options and
// fields of each kind of panel that dbops uses.  JSON has the values of enumerations where the types have their names.
import type * as schema from '@grafana/schema';
import type * as gauge from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Plain<T> =
	T extends string ? `${T}` :
	T extends number ? (`${T}` extends `${infer N extends number}` ? N : never) :
	T extends boolean | null | undefined ? T :
	T extends Array<infer U> ? Array<Plain<U>> :
	T extends object ? { [K in keyof T]: Plain<T[K]> } :
	T;

// Without the members that anything may be in.
type Known<T> = { [K in keyof T as string extends K ? never : K]: T[K] };

type Raw = Omit<schema.Dashboard, 'panels' | 'templating' | 'links'>;
type Source = { type: 'grafana-postgresql-datasource' | 'prometheus'; uid: string };
type SqlQuery = {
	refId: string; datasource: Source; format: 'table' | 'time_series'; editorMode: 'code'; rawQuery: true; rawSql: string;
};
type PromQuery = {
	refId: string; datasource: Source; format: 'table' | 'time_series'; expr: string; instant: boolean; range: boolean;
	legendFormat?: string;
};

type Field = Omit<Known<schema.FieldConfig>, 'custom' | 'links'>;
type Property<Custom> =
	| { [K in keyof Field]-?: { id: K; value: Plain<NonNullable<Field[K]>> } }[keyof Field]
	| { [K in keyof Custom & string]-?: { id: `custom.${K}`; value: Plain<NonNullable<Custom[K]>> } }[keyof Custom & string]
	| { id: 'links'; value: Array<{ title: string; url: string }> };

type PanelOf<Type extends string, Options, Custom> = {
	type: Type;
	id: number; title: string; description: string; gridPos: Plain<schema.GridPos>; datasource: Source; interval?: string;
	targets: Array<SqlQuery> | Array<PromQuery>;
	options: Plain<Partial<Options>>;
	fieldConfig: {
		defaults: Plain<Field> & { custom: Plain<Partial<Custom>> };
		overrides: Array<{ matcher: { id: 'byName' | 'byRegexp'; options: string }; properties: Array<Property<Custom>> }>;
	};
};

type Row = { type: 'row'; id: number; title: string; gridPos: Plain<schema.GridPos>; collapsed: boolean; panels: [] };

export type Dashboard = Plain<Raw> & {
	panels: Array<
		| Row
		| PanelOf<'stat', stat.Options, {}>
		| PanelOf<'gauge', gauge.Options, {}>
		| PanelOf<'table', table.Options, table.FieldConfig>
		| PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>>;
	templating: { list: Array<Plain<schema.VariableModel>> };
	links: Array<Plain<schema.DashboardLink>>;
};
