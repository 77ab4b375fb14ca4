SELECT u.login
FROM res_users u
WHERE u.id = ANY($1)
  AND NOT EXISTS (SELECT 1 FROM res_company_users_rel r WHERE r.user_id = u.id AND r.cid = u.company_id)
