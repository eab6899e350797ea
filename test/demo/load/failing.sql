-- Mistakes that fail, one after the other: psql goes on after each.
INSERT INTO customers VALUES (1, 'customer1@example.org', 'Twice', 'DE');
INSERT INTO customers VALUES (-1, NULL, 'Nobody', 'DE');
SELECT average_price(7), average_price(8);
SELECT total FROM orders WHERE id = 1;
SET lock_timeout = '100ms';
UPDATE products SET stock = 0 WHERE id = 1;
RESET lock_timeout;
\connect - reporter
SELECT count(*) FROM orders AS a JOIN orders AS b ON a.note = b.note;
