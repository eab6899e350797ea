-- Mistake: a session begins, looks, and forgets to end; vacuum cannot clean up behind it.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM customers WHERE country = 'DE';
\! sleep 45
COMMIT;
