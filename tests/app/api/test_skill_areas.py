async def test_the_catalogue_counts_the_questions_of_each_area(client):
    response = await client.get("/api/skill-areas")
    assert (response.status_code, response.json()) == (200, {"fundamentals": 4, "advanced": 4, "strategy": 4})
