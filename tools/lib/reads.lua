-- wrk -s reads.lua URL -- FILE: asks for each line of the file in turn, "TOKEN PATH".
local requests, last = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local token, path = line:match("^(%S+) (%S+)$")
    requests[#requests + 1] = wrk.format("GET", path, { Authorization = "Bearer " .. token })
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end
