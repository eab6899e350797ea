-- Mistake: everybody updates the one best-selling product, and waits for its row.
UPDATE products SET stock = stock - 1 WHERE id = 1;
