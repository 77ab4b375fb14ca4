SELECT u.id::text, u.login::text, p.name::text, CASE WHEN u.active THEN 'yes' ELSE 'no' END,
       coalesce(to_char(u.login_date, 'YYYY-MM-DD HH24:MI:SS'), 'never')
FROM res_users u
JOIN res_partner p ON p.id = u.partner_id
ORDER BY u.id
