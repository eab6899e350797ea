/*
 * test/unit/metrics_format_test.c
 *		Which format is answered to which Accept header.
 *
 * sources: src/gateway/metrics_format.c
 */
#include "postgres.h"

#include "gateway/metrics_format.h"

#include "tap.h"

#define PROTOBUF \
	"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
#define OPENMETRICS "application/openmetrics-text;version=1.0.0"

typedef struct Case
{
	const char *accept;
	MetricsFormat format;
} Case;

static const Case cases[] = {
    {NULL, METRICS_TEXT},
    {"", METRICS_TEXT},
    {"*/*", METRICS_TEXT},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", METRICS_TEXT},
    {"application/json", METRICS_TEXT},
    {"text/plain", METRICS_TEXT},
    {"text/plain;version=0.0.4", METRICS_TEXT},
    {"text/plain;version=1.0.0;q=1," OPENMETRICS ";q=0.1", METRICS_OPENMETRICS},
    /* Prometheus 2.42, plainly and with native histograms. */
    {OPENMETRICS
     ",application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,"
     "*/*;q=0.1",
     METRICS_OPENMETRICS},
    {PROTOBUF "," OPENMETRICS ";q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
              "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     METRICS_PROTOBUF},
    /* Prometheus 3 */
    {PROTOBUF ";q=0.6," OPENMETRICS ";escaping=allow-utf-8;q=0.5,"
              "application/openmetrics-text;version=0.0.1;q=0.4,"
              "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,"
              "*/*;q=0.1",
     METRICS_PROTOBUF},
    {"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
     "encoding=delimited; q=0.7, text/plain; version=0.0.4; q=0.3",
     METRICS_PROTOBUF},
    {"application/vnd.google.protobuf; proto=\"io.prometheus.client.MetricFamily\" ; "
     "encoding=\"delimited\"",
     METRICS_PROTOBUF},
    /* Others of these names. */
    {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
     METRICS_TEXT},
    {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
     "encoding=compact-text," OPENMETRICS ";q=0.2",
     METRICS_OPENMETRICS},
    {"application/vnd.google.protobuf;proto=of.others;encoding=delimited", METRICS_TEXT},
    {"application/openmetrics-text;version=0.0.1", METRICS_TEXT},
    {"application/openmetrics-text;version=2.0.0", METRICS_TEXT},
    {"application/openmetrics-text", METRICS_OPENMETRICS},
    {"application/openmetrics-texts", METRICS_TEXT},
    {"application/*", METRICS_TEXT},
    /* Weights. */
    {"text/plain;q=0.5," OPENMETRICS ";q=0.4", METRICS_TEXT},
    {"text/plain;q=0.4," OPENMETRICS ";q=0.5", METRICS_OPENMETRICS},
    {"text/plain;q=0.45," OPENMETRICS ";q=0.451", METRICS_OPENMETRICS},
    {"text/plain," OPENMETRICS, METRICS_TEXT},
    {OPENMETRICS ",text/plain", METRICS_OPENMETRICS},
    {OPENMETRICS ";q=0,text/plain;q=0.001", METRICS_TEXT},
    {OPENMETRICS ";q=0", METRICS_TEXT},
    {OPENMETRICS ";q=0.000", METRICS_TEXT},
    {OPENMETRICS ";Q=1.0", METRICS_OPENMETRICS},
    {OPENMETRICS ";q=", METRICS_TEXT},
    {OPENMETRICS ";q=x", METRICS_TEXT},
    {OPENMETRICS ";q=99999999999999999999", METRICS_OPENMETRICS},
    {"*/*;q=0.9," OPENMETRICS ";q=0.1", METRICS_TEXT},
    /* Odd ones. */
    {"APPLICATION/OpenMetrics-Text;VERSION=1.0.0", METRICS_OPENMETRICS},
    {",,;;, " OPENMETRICS " ,", METRICS_OPENMETRICS},
    {"text/plain;note=\"a,b;q=0\"," OPENMETRICS ";q=0.9", METRICS_TEXT},
    {"\"" OPENMETRICS, METRICS_TEXT},
    {";", METRICS_TEXT},
    {"=;=,=", METRICS_TEXT},
};

int
main(void)
{
	for (int i = 0; i < lengthof(cases); i++)
		is_int(dbops_metrics_format_choose(cases[i].accept), cases[i].format, "%s",
		       cases[i].accept == NULL ? "no header" : cases[i].accept);
	return tap_done();
}
