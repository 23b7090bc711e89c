"""Text messages by Twilio: webhooks in, REST calls out."""
