-- Mistake: a report sorts 300,000 rows in 1 MB of work_mem, and spills to disk.
SELECT count(*) FROM (SELECT o.id, o.note FROM orders AS o ORDER BY o.note, o.ordered_at DESC OFFSET 0) AS sorted;
