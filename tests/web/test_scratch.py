def test_shots(page, recorder, address):
    s = recorder.first_id("sessions", "{childCount: {gt: 0}}") if False else None
    data = recorder.execute("{ children: sessions(first: 1, filter: {parent: {isNull: false}}) { nodes { id root { id } } } c: confirmations(first:1, filter:{status:{eq:PENDING}}) { nodes { session { id } } } }")
    root = data["children"]["nodes"][0]["root"]["id"]
    asks = data["c"]["nodes"][0]["session"]["id"]
    paths = {"sessions": "/sessions", "session": f"/sessions/{root}", "asks": f"/sessions/{asks}", "timeline": f"/sessions/{root}?view=timeline",
      "agents": "/agents", "agent": "/agents/" + recorder.first_id("agents"), "memories": "/memories", "memory": "/memories/" + recorder.first_id("memories", "{accessCount: {gt: 0}}"),
      "state": "/module-states/" + recorder.first_id("moduleStates", "{revision: {gt: 1}}"), "graphql": "/graphql",
      "states": f"/sessions/{root}?view=states", "smems": f"/sessions/{root}?view=memories"}
    import os
    only = os.environ.get("ONLY")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for name, path in paths.items():
            if only and name not in only.split(","): continue
            page.set_viewport_size({"width": 1280, "height": 800})
            page.goto(path); page.wait_for_timeout(1500)
            page.screenshot(path=f"/tmp/shots/{name}-{scheme}.png")
            if scheme == "light":
                page.set_viewport_size({"width": 390, "height": 844})
                page.wait_for_timeout(300)
                page.screenshot(path=f"/tmp/shots/{name}-phone.png")
