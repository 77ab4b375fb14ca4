-- Gives records their external ids; one whose record is gone is taken over.
INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, create_date, write_uid, write_date)
SELECT given.module, given.name, $1, given.id, false, $2::int, $6::timestamp, $2::int, $6::timestamp
FROM unnest($3::text[], $4::text[], $5::int[]) AS given (module, name, id)
ON CONFLICT (module, name) DO UPDATE
SET model = excluded.model, res_id = excluded.res_id, write_uid = excluded.write_uid, write_date = excluded.write_date
