-- OAuth requests of the benchmark for wrk, of one kind. oauth.py says in the environment which:
--   BENCH_KIND    introspect, refresh, authorize or exchange
--   BENCH_SEEDS   a file with a line for each: access tokens, refresh tokens, session cookies or codes
--   BENCH_BASIC   the client's Basic header, without the scheme
--   BENCH_FORM    what else every form has, or the query of the authorization
--   BENCH_CODES   a file for the codes that were given, if they are wanted
--   BENCH_HOST    the server, for the Host header
--   BENCH_PATH    where another server takes the requests
--   BENCH_SAYS    what the answer to an introspection has to hold
-- A seed that is good once is taken once: a refresh token makes room for the one in its answer, so that a
-- family is a chain, and a run ends when it is out of codes. Every answer is looked at. The last line of
-- the output is for oauth.py: "bench-result" and JSON.

local kind = os.getenv("BENCH_KIND")
local form = os.getenv("BENCH_FORM")
local path = {
  introspect = "/oauth2/introspect",
  refresh = "/oauth2/token",
  exchange = "/oauth2/token",
}
local head = "POST " .. (os.getenv("BENCH_PATH") or path[kind] or "") .. " HTTP/1.1\r\nUser-Agent: bench\r\nHost: " .. os.getenv("BENCH_HOST")
  .. "\r\nAuthorization: Basic " .. os.getenv("BENCH_BASIC")
  .. "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
local field = { introspect = "token=", refresh = "refresh_token=", exchange = "code=" }

local threads = {}
-- What waits to be sent, from first to last.
local seeds, first, last = {}, 1, 0
local codes

-- Read by done(), in another Lua state, through thread:get().
failures = 0
sample = ""
good = 0

function setup(thread)
  table.insert(threads, thread)
end

function init(_)
  math.randomseed(os.time() + math.floor(os.clock() * 1000000))
  for line in io.lines(os.getenv("BENCH_SEEDS")) do
    last = last + 1
    seeds[last] = line
  end
  if os.getenv("BENCH_CODES") then
    codes = assert(io.open(os.getenv("BENCH_CODES"), "w"))
  end
end

local function take()
  local seed = seeds[first]
  if seed then
    seeds[first] = nil
    first = first + 1
  end
  return seed
end

function request()
  if kind == "authorize" then
    return "GET /oauth2/authorize?" .. form .. " HTTP/1.1\r\nUser-Agent: bench\r\nHost: " .. os.getenv("BENCH_HOST")
      .. "\r\nCookie: session_id=" .. seeds[math.random(last)] .. "\r\n\r\n"
  end
  local seed
  if kind == "introspect" then
    seed = seeds[math.random(last)]
  else
    seed = take()
  end
  if not seed then
    -- Out of codes: what follows is not counted.
    wrk.thread:stop()
    seed = "none"
  end
  local body = field[kind] .. seed .. form
  return head .. #body .. "\r\n\r\n" .. body
end

local function is_pair(status, body)
  return status == 200
    and body:find('"access_token":"[%w_-]+"')
    and body:find('"expires_in":%d+')
    and body:find('"token_type":"Bearer"', 1, true)
    and body:match('"refresh_token":"([%w_-]+)"')
end

local check = {
  introspect = function(status, _, body)
    return status == 200
      and body:find('"active":true', 1, true)
      and body:find(os.getenv("BENCH_SAYS"), 1, true)
      and body:find('"exp":%d+')
  end,
  refresh = function(status, _, body)
    local token = is_pair(status, body)
    if token then
      last = last + 1
      seeds[last] = token
    end
    return token
  end,
  exchange = function(status, _, body)
    return is_pair(status, body)
  end,
  authorize = function(status, headers, _)
    local location = status == 303 and (headers["location"] or headers["Location"])
    local code = location and location:match("[?&]code=(%w+)")
    if code and codes then
      codes:write(code, "\n")
    end
    return code and location:find("state=bench", 1, true) and location:find("iss=", 1, true)
  end,
}

local is_good = check[kind]

function response(status, headers, body)
  if is_good(status, headers, body) then
    good = good + 1
  elseif last >= first or kind ~= "exchange" then
    failures = failures + 1
    if sample == "" then
      sample = status .. " " .. body:sub(1, 300)
    end
  end
end

function done(summary, latency, _)
  local failed, counted, seen = 0, 0, ""
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("failures")
    counted = counted + thread:get("good")
    if seen == "" then
      seen = thread:get("sample")
    end
  end
  local errors = summary.errors
  if seen ~= "" then
    print("bench-sample " .. seen:gsub("%s+", " "))
  end
  print(string.format(
    'bench-result {"calls": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "failures": %d, "broken": %d}',
    counted,
    summary.duration / 1000000,
    latency:percentile(50) / 1000,
    latency:percentile(99) / 1000,
    failed,
    errors.connect + errors.read + errors.write + errors.timeout
  ))
end
