-- Makes the states whose external ids are unknown; the countries are there.
WITH missing AS MATERIALIZED (
  SELECT nextval('res_country_state_id_seq')::int AS id, given.*, country.id AS country_id
  FROM jsonb_to_recordset($1::text::jsonb) AS given (xmlid text, country text, code text, name text)
  JOIN res_country AS country ON country.code = given.country
  WHERE NOT EXISTS (SELECT 1 FROM ir_model_data AS known WHERE known.module = 'base' AND known.name = given.xmlid)
), made AS (
  INSERT INTO res_country_state (id, name, code, country_id, create_uid, create_date, write_uid, write_date)
  SELECT id, name, code, country_id, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC' FROM missing
)
INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, create_date, write_uid, write_date)
SELECT 'base', xmlid, 'res.country.state', id, true, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC' FROM missing
