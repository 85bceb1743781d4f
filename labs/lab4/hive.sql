-- Lab 4, slide 23: what hive.py does, as SQL text.
--
--     spark-sql -f hive.sql
--
-- In the folder of this file, as the path of kv1.txt counts from the current folder; run files.py there first: it makes
-- users1. The table src stays: each run of this file or of hive.py loads kv1.txt once more, on top.

CREATE TABLE IF NOT EXISTS src (key INT, value STRING) USING hive;
LOAD DATA LOCAL INPATH '../../data/kv1.txt' INTO TABLE src;
SELECT * FROM src;
SELECT * FROM users1;
