/// What a call is tagged with by its step, and what was cut of its prompt. Both are rare, and a null costs a byte.
enum M004CallNotes: Migration {
    static let version = 4

    static let sql = """
        ALTER TABLE model_call ADD COLUMN tags TEXT;
        ALTER TABLE model_call ADD COLUMN trimmed TEXT;

        DROP VIEW v_model_call;
        CREATE VIEW v_model_call AS SELECT call_id, run_id, node_path, step_id, tier, purpose, ordinal, provider, model_asked,
            model_served, state, \(M001Initial.dollars("held")), \(M001Initial.dollars("cost")), input_tokens, cache_read_tokens,
            cache_write_tokens, output_tokens, reasoning_tokens, usage_raw, price_rows, lower(hex(request_hash)) AS request_hash,
            lower(hex(response_hash)) AS response_hash, http_status, finish_reason, ttft_ms, total_ms, retry_of, deduped_of,
            \(M001Initial.time("started_at")), \(M001Initial.time("ended_at")), error, tags, trimmed FROM model_call;
        """
}
