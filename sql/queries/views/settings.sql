SELECT (SELECT count(*) FROM res_users WHERE active), (SELECT count(*) FROM res_company),
       (SELECT count(*) FROM res_lang WHERE active)
