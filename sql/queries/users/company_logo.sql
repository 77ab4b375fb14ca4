SELECT p.image_1920
FROM res_company AS c JOIN res_partner AS p ON p.id = c.partner_id
WHERE $1::int IS NULL OR c.id = $1::int
ORDER BY c.sequence, c.id
LIMIT 1
