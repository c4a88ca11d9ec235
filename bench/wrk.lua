-- Posts the bodies of a file, one a line, in turns; prints one line of JSON at the end.
-- wrk -s wrk.lua URL -- BODIES [check]
-- With `check` it looks for errors in the answers, which takes time from the server.

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
  if arguments[2] == "check" then
    response = function(_, _, body)
      if body:find('"errors"', 1, true) then faults = faults + 1 end
    end
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors, failures = summary.errors, 0
  for _, thread in ipairs(threads) do failures = failures + thread:get("faults") end
  print(string.format(
    '{"answers": %d, "bytes": %d, "microseconds": %d, "p50": %d, "p99": %d, "failures": %d}',
    summary.requests, summary.bytes, summary.duration, latency:percentile(50),
    latency:percentile(99),
    failures + errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
