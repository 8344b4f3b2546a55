-- Rows made, indexed, joined, grouped and searched, in memory.
CREATE TABLE sale(id INTEGER PRIMARY KEY, shop INTEGER, amount REAL, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)
INSERT INTO sale SELECT i, (i * 7919) % 211, (i * 31 % 1000) / 8.0, 'note number ' || (i * 37 % 5003) FROM n;
CREATE TABLE shop(id INTEGER PRIMARY KEY, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 210)
INSERT INTO shop SELECT i, 'shop ' || i FROM n;
CREATE INDEX by_shop ON sale(shop);
CREATE INDEX by_note ON sale(note);
SELECT shop.name, count(*), sum(amount) FROM sale JOIN shop ON shop.id = sale.shop GROUP BY shop.id ORDER BY 3 DESC, 1 LIMIT 5;
SELECT count(*), count(DISTINCT note) FROM sale WHERE note LIKE '%99%';
SELECT note, max(amount) FROM sale WHERE note BETWEEN 'note number 10' AND 'note number 12' GROUP BY note ORDER BY 2 DESC, 1 LIMIT 3;
UPDATE sale SET amount = amount * 1.5 WHERE shop % 2 = 0;
DELETE FROM sale WHERE id % 10 = 3;
SELECT count(*), round(sum(amount), 2), group_concat(DISTINCT shop % 5) FROM sale;
SELECT sum(length(replace(upper(note), 'NUMBER', 'NO'))) FROM sale;
