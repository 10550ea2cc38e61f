package engine

import "context"

func (s *Session) Complete(ctx context.Context, code string, cursor int) Completion {
	return Completion{Start: cursor, End: cursor}
}
func (s *Session) Inspect(ctx context.Context, code string, cursor, detail int) Inspection {
	return Inspection{}
}
func (s *Session) IsComplete(code string) Completeness { return Completeness{Status: Complete} }
func (s *Session) Variables() []Variable               { return nil }
