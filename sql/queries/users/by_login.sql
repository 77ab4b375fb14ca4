SELECT u.id, p.hash, p.version
FROM res_users u
LEFT JOIN user_password p ON p.user_id = u.id
WHERE u.active AND u.login = $1
