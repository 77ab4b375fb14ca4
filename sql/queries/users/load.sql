SELECT u.login, p.name, p.lang, p.tz, u.partner_id, u.company_id
FROM res_users u
JOIN res_partner p ON p.id = u.partner_id
WHERE u.active AND u.id = $1
