SELECT u.active::int, p.hash, p.version
FROM res_users u
LEFT JOIN user_password p ON p.user_id = u.id
WHERE u.id = $1
