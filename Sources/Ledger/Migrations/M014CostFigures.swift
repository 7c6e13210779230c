/// Other figures for a call's cost than ours, and whose word it rests on. `reported_pico` and `cost_basis` stood reserved, and get a meaning.
enum M014CostFigures: Migration {
    static let version = 14

    static let sql = """
        -- Ours, where the cost is the server's own; by list prices, where an agreement makes others.
        ALTER TABLE model_call ADD COLUMN priced_pico INTEGER CHECK (priced_pico >= 0);
        ALTER TABLE model_call ADD COLUMN list_pico INTEGER CHECK (list_pico >= 0);
        -- The tier that the server named, and by whose word the call was priced.
        ALTER TABLE model_call ADD COLUMN service_tier TEXT;
        ALTER TABLE model_call ADD COLUMN tier_source TEXT;

        DROP VIEW v_model_call;
        CREATE VIEW v_model_call AS SELECT call_id, run_id, node_path, step_id, tier, part, asked_tier, purpose, ordinal, provider, model_asked,
            model_served, state, \(M001Initial.dollars("held")), \(M001Initial.dollars("cost")), \(M001Initial.dollars("reported")),
            \(M001Initial.dollars("priced")), \(M001Initial.dollars("list")), cost_basis, service_tier, tier_source, input_tokens, cache_read_tokens,
            cache_write_tokens, output_tokens, reasoning_tokens, usage_raw, price_rows, lower(hex(request_hash)) AS request_hash,
            lower(hex(wire_hash)) AS wire_hash, lower(hex(response_hash)) AS response_hash, http_status, finish_reason, ttft_ms, total_ms, retry_of,
            deduped_of, \(M001Initial.time("started_at")), \(M001Initial.time("ended_at")), error, tags, trimmed, notes FROM model_call;
        """
}
