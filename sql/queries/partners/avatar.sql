-- A picture with the first letter of a name. The letter is written by its number, so that no name can be markup;
-- control characters have none that XML takes.
convert_to(format(
    '<svg xmlns="http://www.w3.org/2000/svg" width="180" height="180" viewBox="0 0 180 180"><rect width="180" height="180" fill="hsl(%s, 45%%, 45%%)"/><text x="90" y="125" text-anchor="middle" font-family="sans-serif" font-size="96" fill="#ffffff">&#%s;</text></svg>',
    ('x' || substr(md5($1), 1, 6))::bit(24)::int % 360,
    CASE WHEN ascii(upper(left(ltrim($1), 1))) >= 32 THEN ascii(upper(left(ltrim($1), 1))) ELSE 63 END),
    'UTF8')
