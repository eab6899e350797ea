-- Mistake: an index that nobody seemed to need is dropped, while the shop is open.
DROP INDEX orders_ordered_at;
