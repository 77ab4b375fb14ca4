-- Makes the currencies whose external ids are unknown; in one statement, for there are many.
WITH missing AS MATERIALIZED (
  SELECT nextval('res_currency_id_seq')::int AS id, given.*
  FROM jsonb_to_recordset($1::text::jsonb) AS given (xmlid text, name text, full_name text, symbol text, unit_label text,
    iso_numeric int, decimal_places int, rounding float8, position text, active boolean)
  WHERE NOT EXISTS (SELECT 1 FROM ir_model_data AS known WHERE known.module = 'base' AND known.name = given.xmlid)
), made AS (
  INSERT INTO res_currency (id, name, full_name, symbol, currency_unit_label, iso_numeric, decimal_places, rounding,
    position, active, create_uid, create_date, write_uid, write_date)
  SELECT id, name, full_name, symbol, jsonb_build_object('en_US', unit_label), iso_numeric, decimal_places, rounding,
    position, active, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
  FROM missing
)
INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, create_date, write_uid, write_date)
SELECT 'base', xmlid, 'res.currency', id, true, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC' FROM missing
