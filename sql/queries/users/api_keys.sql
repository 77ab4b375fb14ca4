SELECT k.id::text, u.login::text, k.name::text, coalesce(k.scope, 'everything')::text,
       coalesce(to_char(k.expiration_date, 'YYYY-MM-DD HH24:MI:SS'), 'never')
FROM res_users_apikeys k
JOIN res_users u ON u.id = k.user_id
WHERE $1::int IS NULL OR k.user_id = $1
ORDER BY k.id
