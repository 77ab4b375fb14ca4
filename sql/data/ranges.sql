-- Records that people make begin at a range of their own for each model: an id that is mistaken for
-- one of another model then finds nothing, instead of the wrong record.
SELECT setval('res_users_id_seq', 1000);
SELECT setval('res_partner_id_seq', 2000);
SELECT setval('res_groups_id_seq', 3000);
SELECT setval('ir_rule_id_seq', 4000);
SELECT setval('ir_model_access_id_seq', 5000);
SELECT setval('oregional_model_scheme_id_seq', 10000);
SELECT setval('oregional_application_id_seq', 100000);
SELECT setval('oregional_application_uri_id_seq', 200000);
SELECT setval('oregional_model_configuration_id_seq', 20000);
SELECT setval('oregional_authorization_id_seq', 30000);
SELECT setval('oregional_authorization_code_id_seq', 40000);
SELECT setval('ir_ui_view_id_seq', 6000);
SELECT setval('ir_ui_menu_id_seq', 7000);
SELECT setval('ir_actions_id_seq', 8000);
-- The few that have few records of their own begin above every id that is known by heart.
SELECT setval('res_company_id_seq', 100);
SELECT setval('ir_config_parameter_id_seq', 200);
SELECT setval('ir_filters_id_seq', 300);
SELECT setval('ir_attachment_id_seq', 400);
SELECT setval('ir_default_id_seq', 500);
SELECT setval('ir_cron_id_seq', 600);
SELECT setval('ir_logging_id_seq', 700);
SELECT setval('res_users_apikeys_id_seq', 800);
SELECT setval('res_config_settings_id_seq', 900);
