-- How far each standby that ships its ticks has got.  Written by store/receive.c alone.

CREATE TABLE dbops.shipper (
    node int2 NOT NULL CONSTRAINT shipper_pkey PRIMARY KEY,
    boot int8 NOT NULL,
    seq int8 NOT NULL,
    at timestamptz,
    received_at timestamptz NOT NULL,
    pid int4 NOT NULL,
    backend_start timestamptz NOT NULL,
    clock_ahead_us int8 NOT NULL,
    ticks int8 NOT NULL,
    refused int8 NOT NULL,
    refusal text
) WITH (fillfactor = 50);
COMMENT ON TABLE dbops.shipper IS
    'Standbys that ship their ticks, and up to which one all of them are here';
REVOKE ALL ON dbops.shipper FROM PUBLIC;
