-- What wrk sends. Arguments: operation, users, organisations, the id before
-- that of user 1, for patch the first place in the walk and the new value, for
-- static the path to ask for. In cursor and member the organisation is that of
-- the last number.
--
-- Keys are drawn at random over all users, but for PATCH: it walks through them
-- in a scattered order, so that each request changes something, and says in the
-- end how far it came.
local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

local json = "application/scim+json"
local kind, users, orgs, first, place, value, static, stride

function init(args)
    kind, users, orgs, first = args[1], tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
    walked, value, static = tonumber(args[5] or "0"), args[6], args[7]
    group_first, group_count, newcomer = tonumber(args[9]), tonumber(args[10]), tonumber(args[11])
    math.randomseed(os.time() * 1000 + number * 7919 + tonumber(args[8] or "0"))
    base = wrk.path
    -- a step without common divisor scatters the walk; a prime has none
    stride = 7368787 % users
    if stride == 0 then stride = 1 end
end

local function draw() return math.random(1, users) end

local function headers(n, body)
    local h = { ["Authorization"] = "Bearer scim_bench_" .. (n % orgs + 1) }
    if body then h["Content-Type"] = json end
    return h
end

local function uuid()
    return string.format("%08x-%04x-4%03x-8%03x-%06x%06x", math.random(0, 0x7fffffff),
        math.random(0, 0xffff), math.random(0, 0xfff), math.random(0, 0xfff),
        math.random(0, 0xffffff), math.random(0, 0xffffff))
end

local function lookup(n, id)
    return wrk.format("GET", base .. "/Users?filter=externalId+eq+%22" .. id .. "%22", headers(n))
end

local function create(n, id)
    local body = '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"externalId":"' .. id
        .. '","userName":"' .. id .. '@bench.example","active":true,"displayName":"Adele Vance",'
        .. '"emails":[{"primary":true,"type":"work","value":"' .. id .. '@bench.example"}],'
        .. '"name":{"givenName":"Adele","familyName":"Vance"}}'
    return wrk.format("POST", base .. "/Users", headers(n, body), body)
end

local pending
local make = {
    lookup = function() local n = draw(); return lookup(n, "e-" .. n) end,
    read   = function() local n = draw()
        return wrk.format("GET", base .. "/Users/" .. (first + n), headers(n)) end,
    page   = function() return wrk.format("GET", base .. "/Users?count=100", headers(draw())) end,
    create = function() return create(draw(), uuid()) end,
    patch  = function()
        local n = (walked * 2 + number) * stride % users + 1
        walked = walked + 1
        local body = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":'
            .. '[{"op":"Replace","path":"active","value":"' .. value .. '"}]}'
        return wrk.format("PATCH", base .. "/Users/" .. (first + n), headers(n, body), body)
    end,
    -- as the initial cycle of a directory: nobody there, so create
    cycle  = function()
        local n = draw()
        if pending then
            local id = pending
            pending = nil
            return create(n, id)
        end
        pending = uuid()
        return lookup(n, pending)
    end,
    -- one page, the same each time; its path is where that of a static file stands
    cursor = function() return wrk.format("GET", base .. static, headers(orgs - 1)) end,
    -- the last arguments: the first group, how many there are, and the user before the
    -- first of those who are in none
    member = function()
        walked = walked + 1
        local group = group_first + walked % group_count
        local body = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":'
            .. '[{"op":"Add","path":"members","value":[{"value":"' .. (newcomer + walked) .. '"}]}]}'
        return wrk.format("PATCH", base .. "/Groups/" .. group, headers(orgs - 1, body), body)
    end,
    static = function() local n = draw()
        return wrk.format("GET", static .. "?filter=externalId+eq+%22e-" .. n .. "%22", headers(n)) end
}

function request() return make[kind]() end

function done(summary, latency)
    local far = 0
    for _, thread in ipairs(threads) do far = math.max(far, tonumber(thread:get("walked")) or 0) end
    local e = summary.errors
    io.write(string.format('\nBENCH {"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"walked":%d,'
        .. '"errors":%d}\n', summary.requests, summary.duration / 1e6,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, far,
        e.connect + e.read + e.write + e.status + e.timeout))
end
