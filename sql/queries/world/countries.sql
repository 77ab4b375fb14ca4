-- Makes the countries whose external ids are unknown.
WITH missing AS MATERIALIZED (
  SELECT nextval('res_country_id_seq')::int AS id, given.*,
    (SELECT currency.id FROM res_currency AS currency WHERE currency.name = given.currency) AS currency_id
  FROM jsonb_to_recordset($1::text::jsonb) AS given (xmlid text, code text, name text, currency text, phone_code int)
  WHERE NOT EXISTS (SELECT 1 FROM ir_model_data AS known WHERE known.module = 'base' AND known.name = given.xmlid)
), made AS (
  INSERT INTO res_country (id, code, name, currency_id, phone_code, address_format, name_position, state_required,
    zip_required, create_uid, create_date, write_uid, write_date)
  SELECT id, code, jsonb_build_object('en_US', name), currency_id, phone_code,
    E'%(street)s\n%(street2)s\n%(city)s %(state_code)s %(zip)s\n%(country_name)s', 'before', false,
    true, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
  FROM missing
)
INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, create_date, write_uid, write_date)
SELECT 'base', xmlid, 'res.country', id, true, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC' FROM missing
