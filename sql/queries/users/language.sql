SELECT name, code, direction, date_format, time_format, week_start, grouping, decimal_point, thousands_sep
FROM res_lang
WHERE active AND code = $1
