-- Argo CD's health of a pool; docs/how-to/live-with-gitops.md says where to put it. It reads what the operator says in `Ready`:
--
--   Progressing   the operator has not looked at this generation yet, or the target is not there yet
--   Suspended     somebody paused the pool
--   Degraded      the pool does not work, and somebody has to do something: the message says what
--   Healthy       it works, whatever its size: replicas that come and go by day are no rollout
--
-- What waits for spot, for money or for the SLO is no matter of a sync: there are alerts for that.
local function of(kind)
  for _, condition in ipairs(obj.status and obj.status.conditions or {}) do
    if condition.type == kind then
      return condition
    end
  end
end

local function health(status, message)
  return {status = status, message = message}
end

local ready = of("Ready")
if ready == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "the operator has not looked at it yet")
end
local words = ready.reason .. ": " .. (ready.message or "")
if ready.status == "True" then
  return health("Healthy", obj.status.message or "")
end
if ready.reason == "Paused" then
  return health("Suspended", words)
end
if ready.reason == "TargetNotFound" then
  return health("Progressing", words)
end
return health("Degraded", words)
