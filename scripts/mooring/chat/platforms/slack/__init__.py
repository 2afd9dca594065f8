"""Slack: slash commands, buttons and mentions; answers in Block Kit. https://docs.slack.dev"""
