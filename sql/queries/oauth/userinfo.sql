SELECT u.login, p.name, p.email, p.tz, p.lang
FROM res_users u
JOIN res_partner p ON p.id = u.partner_id
WHERE u.id = $1
