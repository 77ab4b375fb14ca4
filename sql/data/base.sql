-- The records that everything else refers to, with Odoo's own ids: company 1, partners 1 to 3, users 1 and 2.
INSERT INTO res_partner (id, name, complete_name, active, is_company, type, lang, company_id, commercial_partner_id,
                         commercial_company_name, create_uid, create_date, write_uid, write_date)
SELECT id, name, name, active, is_company, 'contact', 'en_US', NULL::int, id,
       CASE WHEN is_company THEN name END, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
FROM (VALUES (1, 'My Company', true, true), (2, 'System', false, false), (3, 'Administrator', true, false))
    AS person (id, name, active, is_company);
SELECT setval('res_partner_id_seq', 3);

INSERT INTO res_company (id, name, active, sequence, partner_id, currency_id, create_uid, create_date, write_uid, write_date)
SELECT 1, 'My Company', true, 0, 1, currency.id, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
FROM res_currency AS currency WHERE currency.name = 'USD';
SELECT setval('res_company_id_seq', 1);

INSERT INTO res_users (id, login, active, partner_id, company_id, create_uid, create_date, write_uid, write_date)
VALUES (1, '__system__', false, 2, 1, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'),
       (2, 'admin', true, 3, 1, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC');
SELECT setval('res_users_id_seq', 2);
INSERT INTO res_company_users_rel (cid, user_id) VALUES (1, 1), (1, 2);

INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, create_date, write_uid, write_date)
SELECT 'base', name, model, res_id, true, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
FROM (VALUES ('main_company', 'res.company', 1), ('main_partner', 'res.partner', 1),
             ('partner_root', 'res.partner', 2), ('partner_admin', 'res.partner', 3),
             ('user_root', 'res.users', 1), ('user_admin', 'res.users', 2))
    AS known (name, model, res_id);
