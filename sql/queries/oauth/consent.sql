SELECT p.name, a.logo_128, p.lang
FROM res_users u
JOIN res_partner p ON p.id = u.partner_id
JOIN oregional_application a ON a.id = $2
WHERE u.id = $1
