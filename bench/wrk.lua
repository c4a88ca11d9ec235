-- Posts the bodies of a file, one a line, in turns; prints one line of JSON at the end.
-- wrk -s wrk.lua URL -- BODIES

local requests, turn, threads = {}, 0, {}
faults = 0 -- global, so that `done` can read it

function setup(thread)
  threads[#threads + 1] = thread
end

function init(arguments)
  local headers = { ["content-type"] = "application/json", ["accept"] = "application/json" }
  for body in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function response(status, headers, body)
  if status ~= 200 or body:find('"errors"', 1, true) then faults = faults + 1 end
end

function done(summary, latency)
  local errors, failures = summary.errors, 0
  for _, thread in ipairs(threads) do failures = failures + thread:get("faults") end
  print(string.format(
    '{"answers": %d, "microseconds": %d, "p50": %d, "p99": %d, "failures": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    failures + errors.connect + errors.read + errors.write + errors.timeout))
end
