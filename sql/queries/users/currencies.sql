SELECT id, symbol, position, decimal_places
FROM res_currency
WHERE active
ORDER BY id
