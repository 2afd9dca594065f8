"""Feishu and Lark: messages to a bot and buttons of cards; answers as cards. https://open.feishu.cn/document"""
