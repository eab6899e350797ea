-- Somebody buys: several tables in one transaction.
\set product random(2, 1000)
\set customer random(1, 20000)
BEGIN;
INSERT INTO carts VALUES (:customer, '{"items": 1}')
    ON CONFLICT (customer_id) DO UPDATE SET content = '{"items": 2}', changed_at = now();
INSERT INTO orders (customer_id) VALUES (:customer) RETURNING id \gset
INSERT INTO order_items VALUES (:id, :product, 1);
UPDATE products SET stock = stock - 1 WHERE id = :product;
COMMIT;
