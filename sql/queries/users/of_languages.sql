-- An active user who prefers one of some languages.
SELECT lang.code, users.login
FROM res_lang AS lang
JOIN res_partner AS partner ON partner.lang = lang.code
JOIN res_users AS users ON users.partner_id = partner.id AND users.active
WHERE lang.id = ANY($1)
LIMIT 1
