SELECT u.id, k.id
FROM api_key_secret s
JOIN res_users_apikeys k ON k.id = s.key_id
JOIN res_users u ON u.id = k.user_id
WHERE u.active AND s.hash =
