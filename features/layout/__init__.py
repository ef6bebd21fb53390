"""The bytes of the online store: Feast 0.67's layout, and the packed row beside it. Plain Python, nothing imported."""
