/// What is to be said of a call beside its outcome, a list of `{code, message}`. Most calls have none.
enum M007CallRemarks: Migration {
    static let version = 7

    static let sql = """
        ALTER TABLE model_call ADD COLUMN notes TEXT;

        DROP VIEW v_model_call;
        CREATE VIEW v_model_call AS SELECT call_id, run_id, node_path, step_id, tier, purpose, ordinal, provider, model_asked,
            model_served, state, \(M001Initial.dollars("held")), \(M001Initial.dollars("cost")), input_tokens, cache_read_tokens,
            cache_write_tokens, output_tokens, reasoning_tokens, usage_raw, price_rows, lower(hex(request_hash)) AS request_hash,
            lower(hex(response_hash)) AS response_hash, http_status, finish_reason, ttft_ms, total_ms, retry_of, deduped_of,
            \(M001Initial.time("started_at")), \(M001Initial.time("ended_at")), error, tags, trimmed, notes FROM model_call;
        """
}
