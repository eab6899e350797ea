-- The front page: the latest orders.  There is an index for it, until tidy.sql.
SELECT id, status FROM orders ORDER BY ordered_at DESC LIMIT 10;
