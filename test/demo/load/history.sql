-- Mistake: no index on orders (customer_id), so each look at "my orders" reads the whole table.
\set customer random(1, 20000)
SELECT id, ordered_at, status FROM orders WHERE customer_id = :customer ORDER BY ordered_at DESC LIMIT 10;
