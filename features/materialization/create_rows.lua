-- Writes the rows of entities that have no hash yet: the whole hash from a dump, and the packed rows.
-- Returns the numbers of the others, from 1.
-- KEYS: for each row the entity's hash, then a packed row for each service.
-- ARGV: count of services; then for each row the dump, and the packed row of each service.

local call, KEYS, ARGV = redis.call, KEYS, ARGV
local services = tonumber(ARGV[1])
local others = {}
local at, row = 2, 0
for key = 1, #KEYS, 1 + services do
    row = row + 1
    if call('EXISTS', KEYS[key]) == 0 then
        call('RESTORE', KEYS[key], 0, ARGV[at])
        for service = 1, services do
            call('SET', KEYS[key + service], ARGV[at + service])
        end
    else
        others[#others + 1] = row
    end
    at = at + 1 + services
end
return others
