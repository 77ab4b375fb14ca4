-- One call of the benchmark for wrk, again and again. run.py says in the environment which:
--   BENCH_CALL    the body of the request; @ID@, @KEY@ and @WORD@ in it are drawn for every request;
--                 a page is asked for where there is none
--   BENCH_PATH    where it goes
--   BENCH_COOKIE  the session
--   BENCH_HOST    the server, for the Host header
--   BENCH_FIRST   the id of the first record
--   BENCH_COUNT   how many records there are, with ids that follow one another
-- Every answer is looked at. The last line of the output is for run.py: "bench-result" and JSON.

local template = os.getenv("BENCH_CALL")
local first = tonumber(os.getenv("BENCH_FIRST"))
local count = tonumber(os.getenv("BENCH_COUNT"))
local head = "POST " .. os.getenv("BENCH_PATH") .. " HTTP/1.1\r\nUser-Agent: bench\r\nHost: " .. os.getenv("BENCH_HOST")
  .. "\r\nContent-Type: application/json\r\nCookie: session_id=" .. os.getenv("BENCH_COOKIE")
  .. "\r\nContent-Length: "

local threads = {}
local words = 0

-- Read by done(), in another Lua state, through thread:get().
failures = 0
sample = ""

local function draw(name)
  local number = math.random(count)
  if name == "ID" then
    return string.format("%d", first + number - 1)
  elseif name == "KEY" then
    -- The client id of that record, as run.py makes it.
    return string.format("%d%012d", 1000000 + number * 7919 % 1000003, number)
  end
  words = words + 1
  return string.format("word %d %d", words, number)
end

function setup(thread)
  table.insert(threads, thread)
end

function init(_)
  math.randomseed(os.time() + math.floor(os.clock() * 1000000))
end

local page = "GET " .. os.getenv("BENCH_PATH") .. " HTTP/1.1\r\nHost: " .. os.getenv("BENCH_HOST")
  .. "\r\nCookie: session_id=" .. os.getenv("BENCH_COOKIE") .. "\r\n\r\n"

function request()
  if template == "" then
    return page
  end
  local body = template:gsub("@(%u+)@", draw)
  return head .. #body .. "\r\n\r\n" .. body
end

-- A good answer begins with its result, a bad one with its error; an empty list is no page. Looking at
-- the beginning alone keeps the watcher's own work small beside what it watches: pgbench, with which
-- calls are compared, looks at nothing.
function response(status, _, body)
  local start = body:sub(1, 80)
  local is_page = template == "" and start:find("<!DOCTYPE html>", 1, true)
  local is_good = status == 200 and is_page or status == 200
    and start:find('"result": ', 1, true)
    and not start:find('"result": []', 1, true)
  if not is_good then
    failures = failures + 1
    if sample == "" then
      sample = status .. " " .. body:sub(1, 300)
    end
  end
end

function done(summary, latency, _)
  local failed, seen = 0, ""
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("failures")
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
    summary.requests,
    summary.duration / 1000000,
    latency:percentile(50) / 1000,
    latency:percentile(99) / 1000,
    failed,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
