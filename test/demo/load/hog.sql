-- Mistake: a job holds the best-selling product's row while it "calls another service".
BEGIN;
UPDATE products SET stock = 1000 WHERE id = 1;
SELECT pg_sleep(4);
COMMIT;
