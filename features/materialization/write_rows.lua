-- Writes rows of one view, each whole or not at all, unless the store holds a newer one. Returns how many it wrote.
-- KEYS: for each row the entity's hash, then a packed row for each service.
-- ARGV: count of features, count of services, the hash's fields for event time, times, and each feature;
--       then for each row: event time as protobuf, event time and creation as 2 times 8 bytes, each feature's value,
--       the packed row of each service.
-- Microseconds do not fit a double in every year, so both halves of 8 bytes are compared.

local function varint(bytes, at)
    local number, inverse, scale = 0, 0, 1
    for length = 1, 10 do
        local byte = string.byte(bytes, at)
        at = at + 1
        if length == 10 then -- two's complement of 64 bits
            return -(inverse + 1), at
        end
        local low = byte % 128
        number = number + low * scale
        inverse = inverse + (127 - low) * scale
        if byte < 128 then
            return number, at
        end
        scale = scale * 128
    end
end

local function seconds_and_nanos(bytes)
    local seconds, nanos, at, tag = 0, 0, 1, 0
    while at <= #bytes do
        tag = string.byte(bytes, at)
        if tag == 8 then
            seconds, at = varint(bytes, at + 1)
        else
            nanos, at = varint(bytes, at + 1)
        end
    end
    return seconds, nanos
end

local function is_earlier(event, stored_event)
    local seconds, nanos = seconds_and_nanos(event)
    local stored_seconds, stored_nanos = seconds_and_nanos(stored_event)
    if seconds ~= stored_seconds then
        return seconds < stored_seconds
    end
    return nanos < stored_nanos
end

local function is_created_earlier(times, stored_times)
    if not stored_times or string.sub(stored_times, 1, 8) ~= string.sub(times, 1, 8) then
        return false -- another program wrote the row, which does not say when it was created
    end
    local low, high = struct.unpack('<I4i4', times, 9)
    local stored_low, stored_high = struct.unpack('<I4i4', stored_times, 9)
    if high ~= stored_high then
        return high < stored_high
    end
    return low < stored_low
end

local call, KEYS, ARGV = redis.call, KEYS, ARGV
local features, services = tonumber(ARGV[1]), tonumber(ARGV[2])
local event_field, times_field = ARGV[3], ARGV[4]
local arguments = {}
for number = 0, features + 1 do
    arguments[2 * number + 1] = ARGV[3 + number]
end

local function is_older(hash, event, times)
    local stored = call('HGET', hash, event_field)
    if not stored then
        return false
    end
    if stored ~= event then
        return is_earlier(event, stored)
    end
    return is_created_earlier(times, call('HGET', hash, times_field))
end

local key, at, written = 1, 5 + features, 0
while key <= #KEYS do
    if not is_older(KEYS[key], ARGV[at], ARGV[at + 1]) then
        for number = 0, features + 1 do
            arguments[2 * number + 2] = ARGV[at + number]
        end
        call('HSET', KEYS[key], unpack(arguments))
        for service = 1, services do
            call('SET', KEYS[key + service], ARGV[at + 1 + features + service])
        end
        written = written + 1
    end
    key = key + 1 + services
    at = at + 2 + features + services
end
return written
