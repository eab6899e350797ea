-- Most of the traffic: a page of a product, a cart.
\set product random(1, 1000)
\set customer random(1, 20000)
SELECT name, price, stock FROM products WHERE id = :product;
SELECT content FROM carts WHERE customer_id = :customer;
