-- Makes the languages whose external ids are unknown.
WITH missing AS MATERIALIZED (
  SELECT nextval('res_lang_id_seq')::int AS id, given.*
  FROM jsonb_to_recordset($1::text::jsonb) AS given (xmlid text, code text, iso_code text, url_code text, name text,
    active boolean, direction text, date_format text, time_format text, short_time_format text, week_start text,
    "grouping" text, decimal_point text, thousands_sep text)
  WHERE NOT EXISTS (SELECT 1 FROM ir_model_data AS known WHERE known.module = 'base' AND known.name = given.xmlid)
    AND NOT EXISTS (SELECT 1 FROM res_lang AS other WHERE other.code = given.code OR other.name = given.name
      OR other.url_code = given.url_code)
), made AS (
  INSERT INTO res_lang (id, code, iso_code, url_code, name, active, direction, date_format, time_format,
    short_time_format, week_start, "grouping", decimal_point, thousands_sep, create_uid, create_date, write_uid, write_date)
  SELECT id, code, iso_code, url_code, name, active, direction, date_format, time_format,
    short_time_format, week_start, "grouping", decimal_point, thousands_sep, 1, now() AT TIME ZONE 'UTC', 1,
    now() AT TIME ZONE 'UTC'
  FROM missing
)
INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, create_date, write_uid, write_date)
SELECT 'base', xmlid, 'res.lang', id, true, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC' FROM missing
